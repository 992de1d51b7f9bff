"""Where data come from: one module a source, chosen by `source.kind` of the card.

A source offers `read_epochs(card)` (sets that exist only as trials) or
`read_recordings(card, subjects)` (continuous sets, cut afterwards by the card's window).
Sources give what was distributed, unrepaired; they know nothing of decoders or splits.
"""
