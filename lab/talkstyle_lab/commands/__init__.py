"""Commands of the laboratory, found by ``talkstyle`` through entry points."""
