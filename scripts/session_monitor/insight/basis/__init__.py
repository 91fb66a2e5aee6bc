"""What do rules look at, what holds for them, and what do they find?

Its rooms in reading order, ● those that others may come in by:

    finding ●          one thing that was found
    limits ●           what is looked for, and from which limits on it is told (rules.json)
    call ●             one call, as far as a rule may ask about it
    content ●          what of what was said in it matters for that (waiting.json)
    likeness           when two texts say the same
    prompts ●          which messages each call sent, and which of them the call before had sent
    continuations ●    which conversations go on from another one
    prompt_versions ●  under which system prompt each call was made
    turns ●            what a conversation did since a person last spoke
    evidence ●         how a finding follows from the calls that prove it
    cache_rules ●      by which rules providers cache prompts (caches.json)
"""
