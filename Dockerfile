# One image for the operator, the pollers and the engine: `docker build -t stockfeed:dev .`
FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY . .
RUN node scripts/build.ts && npm prune --omit=dev --ignore-scripts
# cdk8s-plus-27 has old versions of minimatch and of what that needs in its own package, where npm exchanges nothing. They
# match file names against patterns slowly; nothing here loads them, so they stay out.
RUN npm pkg delete --prefix node_modules/cdk8s-plus-27 dependencies.minimatch bundledDependencies
RUN cd node_modules/cdk8s-plus-27/node_modules && rm -r minimatch balanced-match concat-map
# What is in the image, for scanners: a CycloneDX list of every package with version and licence. npm lists no tree that
# lacks what its package.json names, and with --omit=dev it leaves out what tools need too.
RUN npm pkg delete devDependencies && npm sbom --sbom-format=cyclonedx --sbom-type=application > sbom.cdx.json

FROM node:24-slim
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/sbom.cdx.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
ENV NODE_ENV=production
# A number, for `runAsNonRoot` is checked before the image's user names are known.
USER 65532:65532
ENTRYPOINT ["node", "/app/dist/src/main/stockfeed.js"]
