"""`python -m tests.cards.regenerate`: writes the golden files anew and says what changed. Review the diff."""

from __future__ import annotations

from tests.cards.matrix import GOLDEN, expected


def main() -> None:
    """Write what changed, remove what no longer has a sample or a platform."""
    wanted = expected()
    for path, text in wanted.items():
        old = path.read_text(encoding="utf-8") if path.exists() else None
        if old != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print("new    " if old is None else "changed", path.relative_to(GOLDEN.parent))
    for path in sorted(set(GOLDEN.rglob("*.json")) - wanted.keys()):
        path.unlink()
        print("removed", path.relative_to(GOLDEN.parent))


if __name__ == "__main__":
    main()
