"""The synthetic corpus: sentences, voices and styles become speech with phone timings, and motion of face and head.

    sentences -> speech -> prosody -> articulation -> basis -> expression [T, 68, 3]
                 (resynth)         -> head         ----------> pose [T, 6]
    build: all of it, in shards, by seed

Everything here is NumPy. The speech engines (flite, espeak-ng) are tools that only making a corpus needs.
"""
