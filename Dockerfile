# The explorer for a team: docker build -t atlasmix . && docker run -p 8501:8501 atlasmix
# How to serve, limit and feed it: docs/guides/host-the-explorer.md
FROM python:3.12-slim AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY data data
COPY apps apps
COPY atlasmix atlasmix
RUN python -m venv /opt/atlasmix \
    && /opt/atlasmix/bin/pip install --no-cache-dir ".[explorer]"

FROM python:3.12-slim
# Nobody on the machine outside has this number; a folder that is mounted is given to it.
RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin atlasmix \
    && mkdir /evidence \
    && chown atlasmix /evidence
COPY --from=build /opt/atlasmix /opt/atlasmix
ENV PATH=/opt/atlasmix/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    OPENBLAS_NUM_THREADS=1 \
    ATLASMIX_STORE=/evidence
USER 10001
WORKDIR /home/atlasmix
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import os, urllib.request as web; path = os.environ.get('STREAMLIT_SERVER_BASE_URL_PATH', '').strip('/'); web.urlopen('http://127.0.0.1:8501/' + (path and path + '/') + '_stcore/health', timeout=4)"]
ENTRYPOINT ["atlasmix", "explore", "--address", "0.0.0.0", "--port", "8501", "--no-browser"]
