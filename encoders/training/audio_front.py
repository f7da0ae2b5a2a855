"""The sound tower's front end: PCM of 16 kHz to the log-mel picture that the teacher knows from 32 kHz."""
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

RATE, HOP, WINDOW, FFT, MELS = 16000, 160, 400, 512, 128
MEL_TOP_HZ = 15000.0


def kaldi_mel(hz):
    return 1127.0 * np.log(1.0 + np.asarray(hz, dtype=np.float64) / 700.0)


def mel_banks(bin_hz, bins):
    """[MELS, bins] triangles, equally spaced in mel from 0 to 15 000 Hz, as torchaudio's kaldi banks."""
    edges = np.linspace(0.0, kaldi_mel(MEL_TOP_HZ), MELS + 2)[:, None]
    mel = kaldi_mel(np.arange(bins) * bin_hz)[None, :]
    left, centre, right = edges[:-2], edges[1:-1], edges[2:]
    return np.maximum(0.0, np.minimum((mel - left) / (centre - left), (right - mel) / (right - centre)))


class LogMel(nn.Module):
    """float32 [B, samples] in -1..1 to [B, 1, 128, frames].

    The teacher's STFT (32 kHz, FFT 1024, window 800, hop 320) and this one (16 kHz, 512, 400, 160) have the same bins of
    31.25 Hz; half the samples give a quarter of the power, and the pre-emphasis of 0.97 at 32 kHz is a gain per bin, so both
    go into the mel matrix. The DFT is one convolution with fixed kernels. Bands above 8 kHz hear nothing.
    """

    def __init__(self):
        super().__init__()
        n = np.arange(WINDOW)
        hann = 0.5 - 0.5 * np.cos(2 * np.pi * n / (WINDOW - 1))
        bins = np.arange(FFT // 2)
        phase = 2 * np.pi * np.outer(bins, n) / FFT
        kernel = np.concatenate([np.cos(phase) * hann, -np.sin(phase) * hann])
        emphasis = np.abs(np.exp(2j * np.pi * bins * (RATE / FFT) / 32000.0) - 0.97) ** 2
        mel = mel_banks(RATE / FFT, len(bins)) * emphasis * 4.0
        self.register_buffer("kernel", torch.tensor(kernel[:, None, :], dtype=torch.float32))
        self.register_buffer("mel", torch.tensor(mel[:, :, None], dtype=torch.float32))

    def forward(self, pcm):
        x = F.pad(pcm.unsqueeze(1), (WINDOW // 2, WINDOW // 2), mode="reflect")
        parts = F.conv1d(x, self.kernel, stride=HOP)
        bins = self.kernel.shape[0] // 2
        power = parts[:, :bins] ** 2 + parts[:, bins:] ** 2
        mel = F.conv1d(power, self.mel)
        return ((torch.log(mel + 1e-5) + 4.5) / 5.0).unsqueeze(1)


def teacher_spectrogram(pcm32):
    """The teacher's own front end, for 32 kHz sound [B, samples]; what the student is compared with."""
    y = pcm32[:, 1:] - 0.97 * pcm32[:, :-1]
    window = torch.hann_window(800, periodic=False)
    spectrum = torch.stft(y, 1024, 320, 800, window, center=True, pad_mode="reflect", return_complex=True)
    power = spectrum.real**2 + spectrum.imag**2
    mel = torch.tensor(mel_banks(31.25, 513), dtype=torch.float32)
    return ((torch.log(torch.matmul(mel, power) + 1e-5) + 4.5) / 5.0).unsqueeze(1)
