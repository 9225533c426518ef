"""Media in and out: sound, video and stills, by PyAV and Pillow; no ffmpeg program is needed."""

from sdk.media.audio import AudioInput, AudioReader, open_audio, read_audio
from sdk.media.image import ImageInput, Picture, read_image, write_image
from sdk.media.sequence import SequenceWriter
from sdk.media.signing import Signer, SignerInput, as_signer
from sdk.media.source import MediaInput
from sdk.media.video import MediaInfo, VideoFrame, VideoReader, probe
from sdk.media.writer import VideoWriter, check_output, open_writer, write_video

__all__ = [
    "AudioInput",
    "AudioReader",
    "ImageInput",
    "MediaInfo",
    "MediaInput",
    "Picture",
    "SequenceWriter",
    "Signer",
    "SignerInput",
    "VideoFrame",
    "VideoReader",
    "VideoWriter",
    "as_signer",
    "check_output",
    "open_audio",
    "open_writer",
    "probe",
    "read_audio",
    "read_image",
    "write_image",
    "write_video",
]
