"""Is what calls cost what another calculator says?  Every protocol, seller and kind of tokens, to the last digit."""
