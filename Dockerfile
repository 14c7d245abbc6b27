# Huizhi 回执. One image, five commands: web, worker, scheduler, stream, db upgrade. Built for linux/amd64.
FROM python:3.11-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements/run.txt /tmp/run.txt
RUN python -m venv /opt/huizhi/venv \
 && /opt/huizhi/venv/bin/python -m pip install --require-hashes --requirement /tmp/run.txt
WORKDIR /opt/huizhi/app
COPY pyproject.toml README.md ./
COPY bot bot
COPY handlers handlers
COPY adapters adapters
COPY config config
# Editable on purpose: the very files of the checkout run, templates and samples included, and nothing else is fetched.
RUN /opt/huizhi/venv/bin/python -m pip install --no-deps --no-index --no-build-isolation --editable . \
 && /opt/huizhi/venv/bin/huizhi --help > /dev/null

FROM python:3.11-slim-bookworm
ENV PATH=/opt/huizhi/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HUIZHI_ENVIRONMENT=production \
    HUIZHI_KEY_DIR=/var/lib/huizhi/keys
RUN groupadd --system --gid 10001 huizhi \
 && useradd --system --uid 10001 --gid huizhi --home-dir /var/lib/huizhi --create-home --shell /usr/sbin/nologin huizhi \
 && install -d -o huizhi -g huizhi -m 700 /var/lib/huizhi/keys
COPY --from=build /opt/huizhi /opt/huizhi
WORKDIR /opt/huizhi/app
USER huizhi
VOLUME ["/var/lib/huizhi"]
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=4).read()"]
CMD ["huizhi", "web", "--host", "0.0.0.0", "--port", "8000"]
