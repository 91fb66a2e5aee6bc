"""In which currency is a cost shown?

Costs are counted in dollars.  Who asks may state what one unit of another currency is worth; then an amount is converted
from the exact dollars and rounded once, as it is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from session_monitor.prices import money

_USD = "_usd"
"""The end of the name of what is an amount of dollars, in JSON and tables."""


class DisplayCurrency(NamedTuple):
    """A currency by its three letters, and the dollars for one unit of it, as decimal text."""

    code: str = "USD"
    usd: str = "1"

    @property
    def is_dollars(self) -> bool:
        """Whether nothing is converted."""
        return self.code == "USD"

    @property
    def rate(self) -> str:
        """In words, which rate holds."""
        return f"at {self.usd} USD for 1 {self.code}, as you stated"

    # -- for people ----------------------------------------------------------------------------------------------------

    def shown(self, pico: int, decimals: int | None = None) -> str:
        """Pico-dollars for people: ``$1.23``, or ``8.79 CNY``; with so many decimals where a column has them."""
        if self.is_dollars:
            return money.shown(pico, decimals)
        return f"{money.amount_shown(pico * money.MICRO, self._unit, decimals)} {self.code}"

    def column_decimals(self, picos: Iterable[int]) -> int:
        """With how many decimals a column of such amounts is shown."""
        if self.is_dollars:
            return money.column_decimals(picos)
        return money.column_decimals((pico * money.MICRO for pico in picos), self._unit)

    @property
    def _unit(self) -> int:
        """One of this currency, in millionths of a pico-dollar."""
        return money.PICO * money.per_token(self.usd)

    # -- for scripts ---------------------------------------------------------------------------------------------------

    def plain(self, pico: int) -> str:
        """Pico-dollars as decimal text, rounded to twelve decimals."""
        return money.plain(money.nearest(pico * money.MICRO, money.per_token(self.usd)))

    def named(self, name: str) -> str:
        """The name of the amount that stands beside one of dollars: ``cost_cny`` for ``cost_usd``."""
        return name[: -len(_USD)] + f"_{self.code.lower()}" if name.endswith(_USD) else name

    def beside(self, value: Any) -> Any:
        """A value for JSON, with such an amount beside each in dollars, however deep it stands."""
        if self.is_dollars or not isinstance(value, (Mapping, list)):
            return value
        if isinstance(value, list):
            return list(map(self.beside, value))
        more: dict[str, Any] = {}
        for name, each in value.items():
            more[name] = self.beside(each)
            if name.endswith(_USD):
                more[self.named(name)] = self._converted(each)
        return more

    def _converted(self, dollars: Any) -> Any:
        """An amount as ``money.plain`` gives it, or several by name; None stays so."""
        if isinstance(dollars, Mapping):
            return {name: self._converted(each) for name, each in dollars.items()}
        return None if dollars is None else self.plain(money.of_plain(dollars))

    def to_json(self) -> dict[str, str]:
        """Which rate holds, for JSON."""
        return self._asdict()


DOLLARS = DisplayCurrency()
