"""Which small faults can be put into a module?

Most are Cosmic Ray's; what that lacks is added: a call left out, ``+=`` for ``-=``, ``min`` for ``max``.  Faults that
change nothing that a program does are none: those in annotations, in what only a type checker reads, and in what
remembers answers.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.number_replacer import NumberReplacer
from cosmic_ray.operators.operator import Operator
from cosmic_ray.operators.provider import OperatorProvider
from parso.python.tree import Keyword

_SWAPPED = {"+=": "-=", "-=": "+=", "|=": "&=", "min": "max", "max": "min", "any": "all", "all": "any"}


class SwapWords(Operator):
    """One word for its opposite."""

    def mutation_positions(self, node):
        """Where there is such a word."""
        if getattr(node, "value", None) in _SWAPPED and node.type in ("operator", "name"):
            yield node.start_pos, node.end_pos

    def mutate(self, node, index):
        """The node with the other word."""
        node.value = _SWAPPED[node.value]
        return node

    @classmethod
    def examples(cls):
        """Cosmic Ray's own tests would use them."""
        return ()


class MoveNumbers(NumberReplacer):
    """One more or less than a small number; whether a limit is 4096 or 4095, nobody was promised."""

    def mutation_positions(self, node):
        """Where there is a small number."""
        if getattr(node, "value", None) in ("0", "1", "2", "3"):
            yield from super().mutation_positions(node)


class LeaveOutCalls(Operator):
    """A statement that only calls something, left out."""

    def mutation_positions(self, node):
        """Where a statement is a call."""
        if node.type == "simple_stmt" and node.children[0].type == "atom_expr":
            last = node.children[0].children[-1]
            if last.type == "trailer" and last.children[0].value == "(":
                yield node.start_pos, node.end_pos

    def mutate(self, node, index):
        """The statement that does nothing."""
        node.children[0] = Keyword("pass", node.start_pos, node.get_first_leaf().prefix)
        return node

    @classmethod
    def examples(cls):
        """Cosmic Ray's own tests would use them."""
        return ()


_THEIRS = OperatorProvider()
_PAIRS = {
    "ReplaceBinaryOperator": "Add_Sub Sub_Add Mul_FloorDiv FloorDiv_Mul Mod_FloorDiv BitAnd_BitOr BitOr_BitAnd LShift_RShift",
    "ReplaceComparisonOperator": "Eq_NotEq NotEq_Eq Lt_LtE LtE_Lt Gt_GtE GtE_Gt Lt_Gt Gt_Lt Is_IsNot IsNot_Is",
    "ReplaceUnaryOperator": "Delete_Not Delete_USub",
}
"""Of every other operator that may stand in an operator's place, the one that a slip would put there."""
_OTHERS = (
    "AddNot ReplaceTrueWithFalse ReplaceFalseWithTrue ReplaceAndWithOr ReplaceOrWithAnd ReplaceBreakWithContinue "
    "ReplaceContinueWithBreak ExceptionReplacer RemoveDecorator ZeroIterationForLoop"
)
_NAMES = [f"{kind}_{pair}" for kind, pairs in _PAIRS.items() for pair in pairs.split()] + _OTHERS.split()
OPERATORS: dict[str, type[Operator]] = {
    **{name: _THEIRS[name] for name in _NAMES},
    "SwapWords": SwapWords,
    "MoveNumbers": MoveNumbers,
    "LeaveOutCalls": LeaveOutCalls,
}


class Fault(NamedTuple):
    """One fault: which operator's how-manyth place of a module, and in which line (from 1) and column (from 0)."""

    path: str
    line: int
    column: int
    operator: str
    occurrence: int

    def applied(self, source: str) -> str | None:
        """The module with the fault in it; None where that is no Python, or the same program."""
        changed = mutate_code(source, OPERATORS[self.operator](), self.occurrence)
        try:
            return changed if changed and _program(changed) != _program(source) else None
        except SyntaxError:
            return None

    def told(self, root: Path) -> str:
        """One line for a list: where, and how the line reads before and after."""
        source = (root / self.path).read_text()
        changed = self.applied(source) or ""
        pairs = zip(source.splitlines(), changed.splitlines())
        before, after = next(((one.strip(), other.strip()) for one, other in pairs if one != other), ("", ""))
        return f"{self.path}:{self.line}: {before}   ->   {after}"


def of_module(root: Path, path: str) -> Iterator[Fault]:
    """All faults that a module can have, by their places."""
    tree = get_ast((root / path).read_text())
    for name, operator in OPERATORS.items():
        places = (place for node in ast_nodes(tree) for place in operator().mutation_positions(node))
        for occurrence, ((line, column), _) in enumerate(places):
            yield Fault(path, line, column, name, occurrence)


class _WhatItDoes(ast.NodeTransformer):
    """Takes out what is there for a type checker alone, and what only remembers: without, the answers are the same."""

    def visit_AnnAssign(self, node):
        node.annotation = ast.Constant(None)
        return self.generic_visit(node)

    def visit_arg(self, node):
        node.annotation = None
        return node

    def visit_FunctionDef(self, node):
        node.returns = None
        node.decorator_list = [each for each in node.decorator_list if "cache" not in ast.dump(each)]
        return self.generic_visit(node)

    def visit_If(self, node):
        names = {each.id for each in ast.walk(node.test) if isinstance(each, ast.Name)}
        return ast.Pass() if names == {"TYPE_CHECKING"} else self.generic_visit(node)


def _program(source: str) -> str:
    return ast.dump(_WhatItDoes().visit(ast.parse(source)))
