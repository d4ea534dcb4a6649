"""Carries the committed records over to identity by content.

For each record the config is composed anew from the suite at hand. Where the SHA-256 of its text
is the digest that the record kept, the record is of this very config, and it is given its key;
where it is not, the record is listed and stays as it is.
"""

import copy
import hashlib
import json
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import gin

from bench import records
from bench.config.compose import load
from bench.config.plan import Plan, make_plan
from bench.labels import file_name


@cache
def shape_of(config: str) -> list[int]:
    load(config)
    shape = copy.deepcopy(gin.query_parameter("Experiment.data")).shape
    gin.clear_config()
    return list(shape)


@cache
def composed(suite: str, method: str, setting: str, overrides: tuple, protocol: str) -> Plan:
    cell = (f"Suite.methods = {[method]!r}", f"Suite.settings = {[setting]!r}")
    return make_plan(suite, (), (*overrides, *cell, "Suite.seeds = 1"), scored=json.loads(protocol))


def converted(old: dict) -> records.Record | None:
    protocol = dict(old["protocol"])
    del protocol["versions"]
    protocol["judge"] = protocol["judge"] | {"algorithm": 1}
    cell = old["suite"], old["method"], old["setting"], tuple(old["overrides"])
    plain = composed(*cell, json.dumps(protocol)).runs[0]
    if hashlib.sha256(plain.config.encode()).hexdigest() != old["config_digest"]:
        return None
    protocol["data"] = protocol["data"] | {"shape": shape_of(plain.config)}
    run = composed(*cell, json.dumps(protocol)).runs[0]
    described = vars(run) | {"seed": old["seed"], "search": old.get("search", False)}
    fields = {name: described[name] for name in type(run).__dataclass_fields__}
    new = {key: value for key, value in old.items() if key not in ("config_digest", "id")}
    new |= type(run)(**fields).description() | {"schema": records.SCHEMA, "protocol": protocol}
    if "control_of" not in old:
        assert new.pop("control_of") is None
    return records.check(new)


def main() -> None:
    counts: Counter[str] = Counter()
    for path in sorted(Path("leaderboards").glob("*/r*s/*.json")):
        record = converted(json.loads(path.read_text()))
        if record is None:
            print(f"not of the suite at hand: {path}")
            continue
        named = path.with_name(file_name(record["id"]))
        records.write(named, record)
        path.unlink()
        counts[path.parent.parent.name] += 1
    for name, count in counts.items():
        print(f"{name}: {count} records carried over")


if __name__ == "__main__":
    sys.exit(main())
