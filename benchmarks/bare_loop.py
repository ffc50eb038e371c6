"""The least that labelling could be: read a PNG, decode it, run the model, on every core.

python -m benchmarks.bare_loop FOLDER GRAPH CORES

What benchmarks/labelling.py holds `wardrobe label` against. It checks, converts and writes nothing, and
survives nothing; prints how many pictures it has seen. OpenCV and ONNX Runtime have one thread each, as there
is a process for each core.
"""

import sys
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
import onnxruntime


def main() -> int:
    """Share the files of a folder among processes, and count what they did."""
    folder = sys.argv[1]
    graph = sys.argv[2]
    cores = int(sys.argv[3])
    files = sorted(str(path) for path in Path(folder).rglob("*.png"))
    shares = [(files[start::cores], graph) for start in range(cores)]
    with get_context("spawn").Pool(cores) as pool:
        print(sum(pool.map(loop, shares, chunksize=1)))
    return 0


def loop(share: tuple[list[str], str]) -> int:
    """Decode and classify some files, one after the other."""
    files, graph = share
    cv2.setNumThreads(0)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    done = 0
    for file in files:
        samples = cv2.imdecode(np.fromfile(file, np.uint8), cv2.IMREAD_UNCHANGED)
        assert samples is not None
        probabilities = session.run(["probabilities"], {"pixels": samples[np.newaxis]})[0]
        done += len(probabilities)
    return done


if __name__ == "__main__":
    sys.exit(main())
