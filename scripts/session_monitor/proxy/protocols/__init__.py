"""What do the calls of each provider's API say, and their answers?

Its rooms in reading order, ● those that others may come in by:

    apis        which there are
    asked ●     what a request asks for
    events ●    which events are in the bytes of a stream
    answer      what is known of an answer by now
    chat        OpenAI's chat completions, and what is like them
    responses   OpenAI's responses
    messages    Anthropic's messages
    gemini      Google's generateContent
    reading ●   an answer, read while its bytes pass
    refusals ●  an error in the words of an API
"""
