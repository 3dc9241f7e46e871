"""What the witnesses share: a check that is counted, and ends the script when it fails."""

made = 0


def check(condition, what):
    global made
    made += 1
    if not condition:
        raise SystemExit(f"FAILED: {what}")
