"""Kokoro-82M as a speech engine: many voices, in six languages, with the time of every phone.

    files: network and voices, fetched and put together; graph: its arithmetic made float, its durations an output
    spelling: text -> symbols; engine: symbols and a voice -> sound, durations; marks: durations -> phones

What it needs (onnx, onnxruntime) is the extra ``kokoro``, imported only when it is used.
"""
