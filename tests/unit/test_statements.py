"""A line has one statement: `a, b = x, y` is for a swap or a real pair, and never goes over several lines."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]

FOLDERS = (
    "app",
    "benchmarks",
    "inference",
    "lab",
    "labelling",
    "model_store",
    "reports",
    "scripts",
    "tests",
    "training",
)


def is_spread_out(node: ast.AST) -> bool:
    """Tell whether a statement assigns a tuple to a tuple over several lines."""
    return (
        isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Tuple)
        and isinstance(node.value, ast.Tuple)
        and node.lineno != node.end_lineno
    )


def test_a_tuple_is_assigned_to_a_tuple_on_one_line_only() -> None:
    files = {
        str(path.relative_to(ROOT)): ast.parse(path.read_text("utf-8"))
        for folder in FOLDERS
        for path in sorted((ROOT / folder).rglob("*.py"))
    }

    spread_out = [
        f"{file}:{node.lineno}"
        for file, tree in files.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt) and is_spread_out(node)
    ]

    assert spread_out == []
