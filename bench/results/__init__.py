"""What records say together: entries, boards, tables of numbers, comparisons; no page of it."""
