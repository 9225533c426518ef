"""The synthetic corpus: sentences, voices and styles become speech with phone timings, and motion of face and head.

    build: shards of speech by seed
        delivery: sentences -> speech (-> resynth)
    motion: a shard, read with its motion
        prosody -> articulation -> basis -> expression [T, 68, 3]
                -> head         ----------> pose [T, 6]

Everything here is NumPy. The speech engines (flite, espeak-ng) are tools that only making a corpus needs.
"""
