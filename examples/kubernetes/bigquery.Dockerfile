# The BigQuery that StockFeed's tests use, for a cluster without a cloud: Google's reference implementation of GoogleSQL
# behind BigQuery's REST format. It keeps everything in memory and asks nobody for credentials. From the repository's root:
#   docker build -f examples/kubernetes/bigquery.Dockerfile -t stockfeed-bigquery:dev .
FROM node:24-slim
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY . .
ENV STOCKFEED_TEST_CACHE=/app/cache
RUN node -e "import('./test/bigquery/zetasql-package.ts').then((part) => part.installZetasql())"
# A number, for `runAsNonRoot` is checked before the image's user names are known.
USER 65532:65532
ENTRYPOINT ["node", "/app/test/bigquery/main.ts"]
