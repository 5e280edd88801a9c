"""`{% fixed %}`: parts of pages that are the same for everybody.

A part between `{% fixed %}` and `{% endfixed %}` is rendered once for each language, and once for each of the values
named in the tag, and kept in the process. What is in it must depend on nothing else: no form, no account, no moment.
With `unless=value` it is rendered anew whenever the value is true, for a part that is fixed only most of the time.
"""

from weakref import WeakSet

from django import template
from django.template.base import FilterExpression, NodeList, Parser, Token, token_kwargs
from django.template.context import Context
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

register = template.Library()

_MOST = 64  # variants of one part; more than that and what it names is not fixed
_nodes: "WeakSet[FixedNode]" = WeakSet()


def forget() -> None:
    """Drop what is kept, after a change of brand or settings."""
    for node in list(_nodes):
        node.kept.clear()


class FixedNode(template.Node):
    """The tag in a template. It hides what is inside from its page: a block in it cannot be filled by another."""

    child_nodelists = ()

    def __init__(self, content: NodeList, values: list[FilterExpression], unless: FilterExpression | None) -> None:
        self._content = content
        self._values = values
        self._unless = unless
        self.kept: dict[object, SafeString] = {}
        _nodes.add(self)

    def render(self, context: Context) -> SafeString:
        if self._unless and self._unless.resolve(context):
            return self._content.render(context)
        # Pages name their language once; to ask for it costs more than a part that is kept.
        language = context.get("LANGUAGE_CODE") or get_language()
        key = (language, *[value.resolve(context) for value in self._values]) if self._values else language
        part = self.kept.get(key)
        if part is None:
            part = mark_safe(self._content.render(context))
            if len(self.kept) < _MOST:
                self.kept[key] = part
        return part


@register.tag
def fixed(parser: Parser, token: Token) -> FixedNode:
    """Read the tag: values, then perhaps `unless=value`."""
    words = token.split_contents()[1:]
    values = [parser.compile_filter(word) for word in words if not word.startswith("unless=")]
    named = token_kwargs([word for word in words if word.startswith("unless=")], parser)
    content = parser.parse(("endfixed",))
    parser.delete_first_token()
    return FixedNode(content, values, named.get("unless"))
