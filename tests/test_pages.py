"""What stands on a page and what may leave one: run, left out, published, replaced."""

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from bench.cli import main
from bench.runs import records
from bench.training.execute import RECORD

REPOSITORY = Path(__file__).parents[1]


@pytest.fixture
def toy(toy_suite, tmp_path, monkeypatch):
    """The toy suite in a working directory of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    return toy_suite


@pytest.fixture
def run(toy, capsys):
    """Runs the suite, and gives what was printed."""

    def call(*words, code=0):
        assert main(["run", str(toy), "--jobs", "1", *words]) == code
        captured = capsys.readouterr()
        return captured.out + captured.err

    return call


def edit(suite, *pairs):
    text = suite.read_text()
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    suite.write_text(text)


def shown(folder="runs/pages", name="toy"):
    """Method, setting and seed of each record of a page, with its latent dimension."""
    return {
        (r["method"], r["setting"], r["seed"], r["conditions"]["Experiment.latent_dim"])
        for r in map(records.read, Path(folder, name, "records").glob("*.json"))
    }


def page(folder="runs/pages", name="toy"):
    return Path(folder, name, "README.md").read_text()


# --- equal conditions


def test_a_page_never_tests_a_method_against_one_of_other_conditions(run, toy):
    edit(
        toy,
        ('"vanilla", "as_gan"', '"vanilla", "hinge"'),
        ("ASGAN.epsilon = 0.1", "Adam.lr = 1e-4"),
    )
    run()
    edit(toy, ('"vanilla", "hinge"', '"hinge"'), ("Adam.lr = 1e-4", "Adam.lr = 5e-3"))
    told = run()
    assert shown() == {("hinge", "standard", 0, "4")}
    for text in (told, page()):
        assert "2 records of hinge, vanilla (standard)" in text
        assert "d_optimizer/Adam.lr: 0.0001, here 0.005" in text
    assert "vs vanilla" not in page()
    (command,) = re.findall("ganbench (run .*toy.gin.*)", told)
    assert main(shlex.split(command)) == 0
    assert shown() == {("hinge", "standard", 0, "4"), ("vanilla", "standard", 0, "4")}
    assert "as_gan" not in page()


def test_the_command_on_the_page_completes_it_from_its_own_folder(run, toy, monkeypatch):
    run()
    edit(toy, ('"vanilla", "as_gan"', '"as_gan"'), ("latent_dim = 4", "latent_dim = 5"))
    run()
    assert shown() == {("as_gan", "standard", 0, "5")}
    (command,) = re.findall(
        "ganbench (run toy.gin .*)", page().partition("Left out")[2].partition("##")[0]
    )
    monkeypatch.chdir("runs/pages/toy")
    assert main(shlex.split(command)) == 0
    monkeypatch.chdir("../../..")
    assert shown() == {("as_gan", "standard", 0, "5"), ("vanilla", "standard", 0, "5")}


def test_seeds_of_two_configs_are_never_averaged(run, toy):
    run("--seeds", "2")
    edit(toy, ("latent_dim = 4", "latent_dim = 5"), ("Suite.seeds = 1", "Suite.seeds = [2, 3]"))
    told = run()
    assert {seed for _, _, seed, _ in shown()} == {2, 3}
    assert "left out: 4 records" in told
    assert "Experiment.latent_dim: 4, here 5" in page()


def test_what_is_done_is_what_is_shown_also_after_a_change_was_taken_back(run, toy):
    run()
    edit(toy, ("latent_dim = 4", "latent_dim = 5"))
    run()
    edit(toy, ("latent_dim = 5", "latent_dim = 4"))
    assert "2 runs, 2 done before" in run()
    assert {latent for *_, latent in shown()} == {"4"}


def test_settings_of_one_page_are_of_one_suite(run, toy):
    edit(
        toy, ("Suite.seeds = 1", 'Suite.seeds = 1\nSuite.settings = ["standard", "adam_beta2_0.9"]')
    )
    run()
    edit(
        toy,
        ("latent_dim = 4", "latent_dim = 5"),
        ('["standard", "adam_beta2_0.9"]', '["standard"]'),
    )
    told = run()
    assert {setting for _, setting, _, _ in shown()} == {"standard"}
    assert "records of as_gan, vanilla (adam_beta2_0.9, standard): Experiment.latent_dim: 4" in told


def test_a_method_is_one_method_in_all_settings_of_a_page(run, toy):
    edit(
        toy, ("Suite.seeds = 1", 'Suite.seeds = 1\nSuite.settings = ["standard", "adam_beta2_0.9"]')
    )
    run()
    edit(
        toy, ("epsilon = 0.1", "epsilon = 0.2"), ('["standard", "adam_beta2_0.9"]', '["standard"]')
    )
    told = run()
    assert ("vanilla", "adam_beta2_0.9", 0, "4") in shown()
    assert ("as_gan", "adam_beta2_0.9", 0, "4") not in shown()
    assert "method/ASGAN.epsilon: 0.1, here 0.2" in told


def test_records_of_other_libraries_are_done_and_shown(run, toy):
    run()
    for path in Path("runs").rglob(RECORD):
        record = records.read(path)
        record["provenance"] |= {"torch": "1.0", "python": "3.9"}
        records.write(path, record)
    assert "2 runs, 2 done before" in run()
    assert len(shown()) == 2
    assert "Left out" not in page()
    assert "1.0" in page().partition("## Provenance")[2]


def test_an_override_that_changes_nothing_makes_no_page_of_its_own(run, toy):
    run()
    told = run(
        "--gin_bindings", "Experiment.latent_dim = 4", "--gin_bindings", "ASGAN.epsilon = .1"
    )
    assert "2 runs, 2 done before" in told
    assert [path.name for path in Path("runs/pages").iterdir() if path.is_dir()] == ["toy"]


def test_what_an_override_leaves_alone_stands_on_its_page_too(run, toy):
    run()
    run("--gin_bindings", "ASGAN.epsilon = 0.2")
    (folder,) = {p.name for p in Path("runs/pages").iterdir() if p.is_dir()} - {"toy"}
    assert {method for method, *_ in shown(name=folder)} == {"vanilla", "as_gan"}


def test_a_file_that_is_no_record_of_this_version_costs_no_page(run, toy):
    run()
    old = Path("runs/toy/vanilla/standard/seed-0-01234567/record.json")
    old.parent.mkdir()
    old.write_text(json.dumps({"schema": 1, "config_digest": "0"}))
    run()
    assert len(shown()) == 2


def test_figures_never_pool_runs_of_two_configs(run, toy, capsys):
    run()
    edit(toy, ("latent_dim = 4", "latent_dim = 5"))
    run()
    assert main(["figure", "curves", "runs/toy"]) == 2
    error = capsys.readouterr().err
    assert "Experiment.latent_dim: 4, here 5" in error
    assert error.count("\n") == 1


# --- where pages go


def test_a_run_in_a_checkout_leaves_it_clean(run, toy, tmp_path):
    (tmp_path / ".gitignore").write_bytes((REPOSITORY / ".gitignore").read_bytes())
    (tmp_path / "leaderboards" / "toy" / "records").mkdir(parents=True)
    (tmp_path / "leaderboards" / "toy" / "README.md").write_text("what others measured")
    git = ["git", "-c", "user.name=x", "-c", "user.email=x"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "all"]):
        subprocess.run([*git, *words], check=True)
    run()
    status = subprocess.run(
        ["git", "status", "--porcelain"], capture_output=True, text=True, check=True
    )
    assert status.stdout == ""
    assert "vanilla" in page()


def test_a_folder_that_keeps_more_is_refused_before_any_work(run, toy):
    run("--seeds", "2")
    assert main(["publish", str(toy), "--seeds", "2", "--out", "runs"]) == 0
    told = run("--leaderboards", "leaderboards", "--out", "others", code=2)
    assert "leaderboards/toy holds 4 records that others does not have" in told
    assert not list(Path("others").rglob(RECORD))


# --- publishing


@pytest.fixture
def publish(toy, capsys):
    """Publishes the suite, and gives what was printed."""

    def call(*words, code=0):
        assert main(["publish", str(toy), *words]) == code
        captured = capsys.readouterr()
        return captured.out + captured.err

    return call


def files(folder):
    return {p: p.read_bytes() for p in Path(folder).rglob("*") if p.is_file()}


def test_publishing_adds_and_twice_is_once(run, toy, publish):
    assert "no run of toy has a result" in publish(code=2)
    run()
    assert "published: leaderboards/toy/README.md" in publish()
    assert len(shown("leaderboards")) == 2
    before = files("leaderboards")
    publish()
    assert files("leaderboards") == before
    run("--seeds", "3")
    publish("--seeds", "3")
    assert len(shown("leaderboards")) == 6
    publish()  # fewer seeds than are there take none away
    assert len(shown("leaderboards")) == 6


def test_publishing_loses_no_record_unless_told_to_and_lists_what_goes(run, toy, publish):
    run()
    publish()
    before = files("leaderboards")
    edit(
        toy,
        ("latent_dim = 4", "latent_dim = 5"),
        ('"vanilla", "as_gan"', '"vanilla"'),
        ("ASGAN.epsilon = 0.1\n", ""),
    )
    run()
    told = publish(code=2)
    assert "2 records of leaderboards/toy/records would go" in told
    assert "toy.as_gan.standard.seed-0" in told
    assert "--replace" in told
    assert files("leaderboards") == before
    told = publish("--replace")
    assert told.count("goes: ") == 2
    assert shown("leaderboards") == {("vanilla", "standard", 0, "5")}


def test_a_run_made_again_does_not_displace_its_first_in_silence(run, toy, publish):
    run()
    publish()
    told = run("--out", "again")
    assert "0 done before" in told
    assert "2 records of leaderboards/toy/records would go" in publish("--out", "again", code=2)


def test_a_page_says_nothing_of_records_that_were_let_go(run, toy, publish):
    run()
    publish()
    run("--out", "again")
    publish("--out", "again", "--replace")
    assert "Left out" not in Path("leaderboards/toy/README.md").read_text()


def test_what_is_missing_is_said_and_what_is_there_published(run, toy, publish):
    run()
    told = publish("--seeds", "2", "--methods", "as_gan", "--runs", "runs/../runs")
    assert len(shown("leaderboards")) == 1
    (command,) = re.findall("not there yet: 1 of 2 runs; ganbench (run .*)", told)
    assert main(shlex.split(command)) == 0
    assert "not there yet" not in publish("--seeds", "2", "--methods", "as_gan")
    assert len(shown("leaderboards")) == 2


def test_own_records_pass_the_checks_that_others_pass(run, toy, publish):
    run()
    path = next(Path("runs/toy").rglob(RECORD))
    record = records.read(path)
    record["scores"][-1]["overlap"] = 1.5
    records.write(path, record)
    told = publish(code=2)
    assert "scores.overlap: 1.5 at step 6 is above 1" in told
    assert "nothing was published" in told
    assert not Path("leaderboards/toy").exists()


def test_report_writes_no_page_that_would_lose_a_record(run, toy, publish, capsys):
    run()
    publish()
    edit(toy, ("latent_dim = 4", "latent_dim = 5"))
    run()
    assert main(["report", "--runs", "runs/toy", "--out", "leaderboards"]) == 2
    assert "leaderboards/toy would lose 2 records" in capsys.readouterr().err
    assert {latent for *_, latent in shown("leaderboards")} == {"4"}


# --- other people's suites


def test_commands_of_a_page_work_from_its_folder(run, toy, publish, monkeypatch, capsys):
    run()
    publish()
    for folder in [Path(name).absolute() for name in ("runs/pages/toy", "leaderboards/toy")]:
        text = (folder / "README.md").read_text().partition("## Reproduce")[2]
        reproduce, *_ = re.findall("ganbench (reproduce .*)", text)
        again, *rows = re.findall("ganbench (run .*)", text)
        assert "toy.gin" in again
        monkeypatch.chdir(folder)
        assert main(shlex.split(reproduce)) == 0
        assert ": equal" in capsys.readouterr().out
        for row in rows:
            assert main([*shlex.split(row), "--out", "again"]) == 0
        assert len(list(Path("again").rglob(RECORD))) == len(rows)


def test_a_suite_that_bears_the_name_of_ours_is_not_taken_for_it(toy, capsys):
    mine = toy.with_name("ring.gin")
    toy.rename(mine)
    assert main(["run", str(mine), "--jobs", "1"]) == 0
    text = page(name="ring").partition("## Reproduce")[2]
    assert "ganbench run ring.gin" in text
    assert "ganbench run ring " not in text


# --- what a hostile tester found


def test_report_needs_no_option(run, toy):
    run()
    assert main(["report"]) == 0
    assert len(shown()) == 2


def test_a_run_that_is_gone_does_not_come_back(run, toy):
    run()
    shutil.rmtree(Path("runs/toy/vanilla"))
    assert main(["report"]) == 0
    assert {method for method, *_ in shown()} == {"as_gan"}


def test_overrides_may_use_macros_and_replace_what_a_macro_was_for(run, toy):
    told = run("--gin_bindings", "e = 0.2", "--gin_bindings", "ASGAN.epsilon = %e")
    assert "2 runs, 0 done before" in told
    assert "2 runs, 2 done before" in run("--gin_bindings", "ASGAN.epsilon = 0.2")
    toy.write_text(f"{toy.read_text()}\nlr = 1e-3\nAdam.lr = %lr\n")
    run("--gin_bindings", "Adam.lr = 2e-3")


def test_an_override_is_one_however_its_path_is_written(run, toy):
    run("--gin_bindings", "ASGAN.epsilon = 0.2")
    told = run("--gin_bindings", "methods.as_gan.ASGAN.epsilon = .2")
    assert "2 runs, 2 done before" in told


def test_an_exchanged_data_set_makes_a_page_of_its_own_that_can_be_repeated(run, toy, monkeypatch):
    run()
    run("--gin_bindings", 'Suite.dataset = "grid"')
    assert "Suite toy on ring" in page()
    (folder,) = {p.name for p in Path("runs/pages").iterdir() if p.is_dir()} - {"toy"}
    text = page(name=folder)
    assert "Suite toy on grid" in text
    (command,) = re.findall("ganbench (reproduce .*)", text)
    monkeypatch.chdir(f"runs/pages/{folder}")
    assert main(shlex.split(command)) == 0


def test_a_method_that_the_suite_no_longer_runs_so_is_on_no_row(run, toy, publish):
    run()
    publish()
    edit(toy, ('"vanilla", "as_gan"', '"vanilla"'), ("ASGAN.epsilon = 0.1\n", ""))
    told = run()
    assert {method for method, *_ in shown()} == {"vanilla"}
    assert "method/ASGAN.epsilon: 0.1, here default" in told
    assert "1 record of leaderboards/toy/records would go" in publish(code=2)


def test_a_method_that_the_suite_still_would_run_so_stays(run, toy):
    edit(toy, ('"vanilla", "as_gan"', '"vanilla", "hinge"'), ("ASGAN.epsilon = 0.1\n", ""))
    run()
    edit(toy, ('"vanilla", "hinge"', '"vanilla"'))
    run()
    assert {method for method, *_ in shown()} == {"vanilla", "hinge"}


def test_no_command_is_offered_where_nothing_is_missing(run, toy):
    run()
    edit(toy, ("latent_dim = 4", "latent_dim = 5"))
    told = run()
    assert "left out: 2 records" in told
    assert "to have them" not in told
    assert "This command" not in page()


def test_a_suite_with_the_name_of_ours_is_published(toy, capsys):
    mine = toy.with_name("quick.gin")
    toy.rename(mine)
    assert main(["run", str(mine), "--jobs", "1"]) == 0
    assert main(["publish", str(mine)]) == 0
    told = capsys.readouterr().out
    assert "not verified" not in told
    assert len(shown("leaderboards", "quick")) == 2
