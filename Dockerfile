# The page as one container:
#   docker build --tag semseg .
#   docker run --init --rm --read-only --tmpfs /tmp --publish 127.0.0.1:8501:8501 semseg
# By buildah: deploy/image. Several of them behind nginx: compose.yaml. The command line in it, and
# every setting: docs/hosting.md.

# Debian and Python as in continuous integration
FROM python:3.11-slim-bookworm AS packages
COPY requirements.txt requirements-batch.txt deploy/constraints.txt /
# both may be missing: /etc/pip.conf for an index of one's own, and certificates that it may name
RUN --mount=type=secret,id=pip,target=/etc/pip.conf \
    --mount=type=secret,id=certificates \
    python -m venv /opt/semseg \
    && /opt/semseg/bin/pip install --no-cache-dir --no-compile \
        --requirement requirements-batch.txt --constraint constraints.txt \
    && /opt/semseg/bin/pip uninstall --yes pip setuptools \
    && find /opt/semseg -type d -name tests -prune -exec rm -r {} +

FROM python:3.11-slim-bookworm
COPY --from=packages /opt/semseg /opt/semseg
WORKDIR /app
COPY LICENSE streamlit_app.py ./
COPY .streamlit/config.toml .streamlit/
COPY deploy/prepare_image.py deploy/
COPY models/model.onnx models/
COPY semseg semseg
# /tmp is the one place that is written to: matplotlib's list of fonts
ENV PATH=/opt/semseg/bin:$PATH \
    HOME=/tmp \
    MPLCONFIGDIR=/tmp/matplotlib \
    PYTHONPATH=/app \
    PYTHONUNBUFFERED=1 \
    STREAMLIT_LOGGER_HIDE_WELCOME_MESSAGE=true \
    STREAMLIT_SERVER_ADDRESS=0.0.0.0 \
    STREAMLIT_SERVER_FILE_WATCHER_TYPE=none \
    STREAMLIT_SERVER_HEADLESS=true \
    STREAMLIT_SERVER_PORT=8501
# refuses a model that is not the one semseg was made with, and a page that fails
RUN python deploy/prepare_image.py && chmod -R a+rX . && find /tmp -mindepth 1 -delete
USER 10001:10001
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
ENTRYPOINT ["streamlit", "run", "streamlit_app.py"]
