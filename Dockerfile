# The serving image: Flask, Pillow, OpenCV and ONNX Runtime, without TensorFlow. Build it with `make image`.
# BASE is any image that has python3 (3.11 to 3.14) with venv: Docker's python, Debian, one made here.
ARG BASE=docker.io/library/python:3.11-slim-bookworm

FROM ${BASE} AS packages
# `--build-arg HEIC=yes` keeps the decoder of HEIC: 50 MB, with x265 under the GPL (docs/reference/limits.md).
ARG HEIC=no
COPY requirements/serve.txt /tmp/
# pip's own folder goes again: nothing is installed where it serves; so do the tests that NumPy brings along
# (13 MB with their bytecode) and what botocore knows of services other than S3 and credentials (25 MB).
# Bytecode is compiled once, here.
RUN python3 -m venv /opt/wardrobe \
    && /opt/wardrobe/bin/python -m pip install --no-cache-dir --disable-pip-version-check \
        --require-hashes -r /tmp/serve.txt \
    && if [ "$HEIC" != yes ]; then /opt/wardrobe/bin/python -m pip uninstall --yes --quiet pillow-heif; fi \
    && /opt/wardrobe/bin/python -m pip uninstall --yes --quiet setuptools pip \
    && find /opt/wardrobe/lib -type d -name tests -prune -exec rm -r {} + \
    && find /opt/wardrobe/lib/*/site-packages/botocore/data -mindepth 1 -maxdepth 1 -type d \
        ! -name s3 ! -name sts ! -name 'sso*' ! -name signin -exec rm -r {} +

FROM ${BASE}
ARG REVISION=unknown
ARG VERSION=unknown
LABEL org.opencontainers.image.title="Wardrobe" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.description="Class, kind and colour of the garment in a photo, each with a decision" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.revision="${REVISION}"

COPY --from=packages /opt/wardrobe /opt/wardrobe
WORKDIR /srv/wardrobe
COPY wsgi.py gunicorn.conf.py pyproject.toml ./
COPY inference inference
COPY labelling labelling
COPY model_store model_store
COPY reports reports
COPY app app
COPY training training
COPY scripts scripts
COPY deploy/sagemaker/serve /usr/local/bin/
# The one folder that is written to: releases pulled from a store. A volume, so that the root can be read-only.
RUN /opt/wardrobe/bin/python -m compileall -q . \
    && mkdir -p /var/cache/wardrobe \
    && chown 65532:65532 /var/cache/wardrobe
VOLUME /var/cache/wardrobe

# TMPDIR: the server's own small files; here that is memory, never a disk. Uploads touch neither.
ENV PATH=/opt/wardrobe/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    TMPDIR=/dev/shm \
    WARDROBE_CACHE_DIR=/var/cache/wardrobe \
    BIND=0.0.0.0 \
    PORT=8000

USER 65532:65532
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=4s --start-period=20s --retries=3 \
    CMD ["python", "-m", "app.healthcheck"]
CMD ["python", "-m", "app"]
