# One image for the operator, the pollers and the engine: `docker build -t stockfeed:dev .`
FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY . .
RUN node scripts/build.ts && npm prune --omit=dev --ignore-scripts

FROM node:24-slim
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
ENV NODE_ENV=production
# A number, for `runAsNonRoot` is checked before the image's user names are known.
USER 65532:65532
ENTRYPOINT ["node", "/app/dist/src/main/stockfeed.js"]
