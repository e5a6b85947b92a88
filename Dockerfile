# One image for the web server and the worker; docker-compose.yml sets the command of the worker.
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 PLUGPORT_DATA_DIR=/data
RUN useradd --system --create-home plugport && install -d -o plugport /data
# pg_dump and pg_restore, for `manage.py backup` and `manage.py restore`.
RUN apt-get update && apt-get install -y --no-install-recommends postgresql-client \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /srv/plugport

COPY requirements/run.txt requirements/
RUN pip install --no-cache-dir --require-hashes --no-deps -r requirements/run.txt
COPY . .
RUN pip install --no-cache-dir --no-deps --no-build-isolation . && pip check

USER plugport
VOLUME /data
EXPOSE 8000
CMD ["python", "manage.py", "run_web", "--host", "0.0.0.0"]
