"""Rewrites a module so that each of its checks of a right can be switched off: by its syntax tree, not by its text.

What counts as a check, and what its removal is:

    predicate    viewer.holds(...), may_review(...), viewer.is_admin in a condition,       it holds
                 rights.close
    refusal      if <about the viewer>: raise NotYours / Http404 / Problem(403) ...        nobody is refused
    gate         case_for(viewer, number)                                                  the object, whoever asks
    filter       visible_cases(viewer)                                                     all of them
    ownership    .filter(owner=by.staff), .exclude(by=by.staff)                            without that condition
    call         _only_reviewers(request)                                                  not called
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

PREDICATES = re.compile(r"_?may_(?!act$|overlap$|take$)[a-z_]+|_in_role")
METHODS = frozenset({"holds", "in_role"})
"""Of a viewer. A function of that name asks facts, not people."""
ATTRIBUTES = {"is_admin": True, "is_active": True, "is_external": False}
"""What each says when the check is gone."""
PEOPLE = re.compile(r"(.*\.)?(viewer|staff|user|owner|by)")
"""Whose attributes they are; a department that is no longer active is no right."""
RIGHTS = re.compile(r"(.*\.)?rights")
"""What somebody may do in a conversation, worked out once: each of its flags is a check wherever it is asked."""
DENIALS = re.compile(
    r"NotYours|Forbidden|NotFound|NoSuch\w+|Http404|PermissionDenied|Kept|Problem|\w*Refused|Impossible"
)
ABOUT_RIGHTS = re.compile(
    r"viewer|by\.staff|by\.principal|token\b|scope|scopes|audience|owner_id|\.owner\b|SANDBOX|PERMISSIONS|methods|door|offered|session"
)
CALLS = re.compile(r"_only_[a-z_]+|_check_(rate|door)|refuse_company|_refuse_[a-z_]+|_must_[a-z_]+")
GATES = {
    "case_for": ("cases.Case", "number"),
    "staff_for": ("org.Staff", "pk"),
    "department_for": ("org.Department", "pk"),
    "customer_for": ("customers.Customer", "pk"),
    "conversation_for": ("conversations.Conversation", "number"),
}
FILTERS = {
    "visible_cases": "cases.Case",
    "visible_customers": "customers.Customer",
    "unmaskings_for": "customers.Unmasking",
    "imports_for": "customers.ImportRun",
    "departments_for": "org.Department",
    "colleagues_for": "org.Staff",
    "visible_conversations": "conversations.Conversation",
    "visible_mails": "channels.Mail",
}
OWNERSHIP = re.compile(
    r"audience__overlap|holders__overlap|to__overlap|owner(_id)?|by|uploaded_by(__in)?|token(_id)?|is_sample"
)
OWNED_BY = re.compile(r"viewer|by\.staff|by\.principal|\bby\b|keys|\btoken\b|is_sample")
HIDDEN_IN = frozenset({"tests", "migrations", "bench", "rehearsal", "first_run", "handbook", "lib", "cli", "backup"})
"""Folders without a viewer."""


def modules(package: Path) -> list[Path]:
    """Those whose checks are looked at."""
    return [
        path
        for path in sorted(package.rglob("*.py"))
        if not HIDDEN_IN & set(path.relative_to(package).parts) and path.name != "bench.py"
    ]


def switched(source: str, place: str) -> tuple[str, list[str]]:
    """The module with switches, and the names of its checks."""
    tree = ast.parse(source)
    rewriter = Rewriter(place)
    tree = rewriter.visit(tree)
    if not rewriter.names:
        return source, []
    at = next((n for n, each in enumerate(tree.body) if not _is_first(each)), len(tree.body))
    tree.body.insert(at, ast.parse("import guards_switch as _guards").body[0])
    ast.fix_missing_locations(tree)
    return ast.unparse(tree), rewriter.names


def _is_first(node: ast.stmt) -> bool:
    """The docstring and imports from the future stay first."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def name_of(node: ast.AST) -> str:
    if isinstance(node, ast.Call):
        node = node.func
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def is_predicate(node: ast.Call) -> bool:
    if isinstance(node.func, ast.Attribute) and node.func.attr in METHODS:
        return True
    return bool(PREDICATES.fullmatch(name_of(node)))


class Rewriter(ast.NodeTransformer):
    """One module's checks, from the outside in."""

    def __init__(self, place: str) -> None:
        self.place = place
        self.names: list[str] = []
        self.depth_of_condition = 0
        self.function = ""

    def add(self, kind: str, what: str) -> str:
        """The name of a new check: it says the function and not the line, so that it stays when something is written above it."""
        name = f"{self.place}:{self.function or 'module'} {kind} {what}"
        while name in self.names:
            name += "'"
        self.names.append(name)
        return name

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        before, self.function = self.function, node.name
        node.body = [self.visit(each) for each in node.body]  # decorators and defaults are no checks
        self.function = before
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.body = [self.visit(each) if isinstance(each, ast.FunctionDef) else each for each in node.body]
        return node

    # conditions

    def visit_If(self, node: ast.If) -> ast.AST:
        single = self._single(node.test)
        if self._refuses(node) and not single and ABOUT_RIGHTS.search(ast.unparse(node.test)):
            name = self.add("refusal", self.function)
            test = self.condition(node.test) if isinstance(node.test, ast.BoolOp) else node.test
            node.test = _unless_absent(name, test)
        else:
            node.test = self.condition(node.test)
        node.body = [self.visit(each) for each in node.body]
        node.orelse = [self.visit(each) for each in node.orelse]
        return node

    def _single(self, test: ast.expr) -> bool:
        """The condition is one predicate and nothing else: its removal is that of the refusal."""
        while isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            test = test.operand
        return isinstance(test, ast.Call) and is_predicate(test)

    def _refuses(self, node: ast.If) -> bool:
        last = node.body[-1]
        if isinstance(last, ast.Raise) and last.exc is not None:
            return bool(DENIALS.fullmatch(name_of(last.exc)))
        return isinstance(last, ast.Return) and "refused" in (ast.unparse(last.value) if last.value else "")

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        node.test = self.condition(node.test)
        node.body, node.orelse = self.visit(node.body), self.visit(node.orelse)
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        node.values = [self.condition(each) for each in node.values]
        return node

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        node.ifs = [self.condition(each) for each in node.ifs]
        node.iter = self.visit(node.iter)
        return node

    def condition(self, node: ast.expr) -> ast.expr:
        self.depth_of_condition += 1
        found: ast.expr = self.visit(node)
        self.depth_of_condition -= 1
        return found

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.ctx, ast.Load) and RIGHTS.fullmatch(ast.unparse(node.value)):
            return _or_absent(self.add("predicate", ast.unparse(node)), node)
        if not self.depth_of_condition or not isinstance(node.ctx, ast.Load) or node.attr not in ATTRIBUTES:
            return node
        if not PEOPLE.fullmatch(ast.unparse(node.value)):
            return node
        name = self.add("predicate", ast.unparse(node))
        return _or_absent(name, node) if ATTRIBUTES[node.attr] else _unless_absent(name, node)

    # calls

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        if isinstance(node.value, ast.Call) and CALLS.fullmatch(name_of(node.value)):
            name = self.add("call", name_of(node.value))
            node.value = ast.BoolOp(ast.Or(), [_switch("absent", name), _raised(name, node.value)])
            return node
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        depth, self.depth_of_condition = self.depth_of_condition, 0
        self.generic_visit(node)
        self.depth_of_condition = depth
        name = name_of(node)
        if is_predicate(node):
            return _or_absent(self.add("predicate", name), node)
        if name in FILTERS:
            return ast.IfExp(_switch("gone", self.add("filter", name)), _all_of(FILTERS[name]), node)
        if name in GATES and len(node.args) > 1:
            check = self.add("gate", name)
            return ast.IfExp(_switch("absent", check), _one_of(*GATES[name], node.args[1]), _raised(check, node))
        if name in ("filter", "exclude"):
            self._owned(node, name)
        return node

    def _owned(self, node: ast.Call, name: str) -> None:
        """Each condition on whose it is becomes one that can be left out."""
        for number, keyword in enumerate(node.keywords):
            value = ast.unparse(keyword.value)
            if keyword.arg and OWNERSHIP.fullmatch(keyword.arg) and OWNED_BY.search(value):
                gone = _switch("gone", self.add("ownership", f"{name}({keyword.arg})"))
                given = ast.Dict([ast.Constant(keyword.arg)], [keyword.value])
                node.keywords[number] = ast.keyword(None, ast.IfExp(gone, ast.Dict([], []), given))


def _switch(what: str, name: str, *more: ast.expr) -> ast.expr:
    """`_guards.gone("...")` and its like."""
    call = ast.parse(f"_guards.{what}({name!r})", mode="eval").body
    assert isinstance(call, ast.Call)
    call.args += more
    return call


def _or_absent(name: str, says: ast.expr) -> ast.expr:
    """A condition that lets in: without the check it holds."""
    return ast.BoolOp(ast.Or(), [_switch("absent", name), _switch("said", name, says, ast.Constant(False))])


def _unless_absent(name: str, says: ast.expr) -> ast.expr:
    """A condition that keeps out: without the check it does not hold."""
    kept = ast.UnaryOp(ast.Not(), _switch("absent", name))
    return ast.BoolOp(ast.And(), [kept, _switch("said", name, says, ast.Constant(True))])


def _raised(name: str, call: ast.expr) -> ast.expr:
    asks = ast.parse("lambda: None", mode="eval").body
    assert isinstance(asks, ast.Lambda)
    asks.body = call
    return _switch("raised", name, asks)


def _all_of(label: str) -> ast.expr:
    return ast.parse(f"__import__('django.apps').apps.apps.get_model({label!r}).objects.all()", mode="eval").body


def _one_of(label: str, by: str, value: ast.expr) -> ast.expr:
    made = ast.parse(f"__import__('django.apps').apps.apps.get_model({label!r}).objects.get({by}=0)", mode="eval").body
    assert isinstance(made, ast.Call)
    made.keywords[0].value = value
    return made
