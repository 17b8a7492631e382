"""Rows of a Markdown table: what was measured beside its goal, each with pass or FAIL."""


class Verdicts:
    def __init__(self):
        self.rows = []

    def head(self):
        print("| what | goal | measured | |\n|---|---|---|---|", flush=True)

    def row(self, name, goal, value, unit, passed):
        self.rows.append({"name": name, "goal": goal, "value": value, "unit": unit, "pass": passed})
        print(f"| {name} | {goal} | {value:,.2f} {unit} | {'pass' if passed else 'FAIL'} |", flush=True)

    def not_measured(self, name):
        print(f"| {name} | | not measured | |", flush=True)

    def at_least(self, name, goal, value, unit=""):
        self.row(name, f"≥ {goal:,} {unit}", value, unit, value >= goal)

    def at_most(self, name, goal, value, unit=""):
        self.row(name, f"≤ {goal:,} {unit}", value, unit, value <= goal)

    def all_pass(self):
        return all(row["pass"] for row in self.rows)
