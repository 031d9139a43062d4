# Two images: `cpu` (default, small) and `gpu` (TensorFlow on CUDA 12). Everything comes from lock files:
# package-lock.json and scripts/install/requirements/*.txt. No BuildKit-only instruction: buildah builds it too.
#   docker build -t attention-service .
#   docker build -t attention-service:gpu --target gpu .
ARG NODE_IMAGE=node:26-bookworm-slim

FROM ${NODE_IMAGE} AS manifest
WORKDIR /app
COPY package.json package-lock.json ./

# The kernels and the dashboard: made with packages that no image has.
FROM manifest AS build
RUN npm ci --ignore-scripts
COPY . .
RUN npm run prepare

# What runs: without what only builds, the npm package of Node, other platforms' binaries and source maps.
FROM manifest AS modules
RUN npm ci --omit=dev --ignore-scripts \
 && npm uninstall --no-save --omit=dev --ignore-scripts assemblyscript openapi-fetch preact vega-embed vite node \
 && platform="$(node -p 'process.arch')" \
 && find node_modules/onnxruntime-node/bin -mindepth 2 -maxdepth 2 ! -name linux -exec rm -r {} + \
 && find node_modules/onnxruntime-node/bin -mindepth 3 -maxdepth 3 ! -name "$platform" -exec rm -r {} + \
 && find node_modules -name '*.map' -delete

FROM modules AS modules-cpu
RUN npm uninstall --no-save --omit=dev --ignore-scripts @tensorflow/tfjs-node-gpu

# libtensorflow and NVIDIA's libraries from PyPI, the binding compiled against them. Compiler and pip stay here.
# CUDA=false leaves out the 1.9 GB of NVIDIA's wheels: an image for the CPU, to test everything else with.
FROM build AS tensorflow
ARG CUDA=true
RUN apt-get update \
 && apt-get install --yes --no-install-recommends g++ python3-pip unzip \
 && rm -rf /var/lib/apt/lists/*
RUN if [ "$CUDA" = true ]; then npm run install:tensorflow -- --cuda; else npm run install:tensorflow; fi \
 && rm -r node_modules/@tensorflow/tfjs-node-gpu/deps/include

# What both images are but for node_modules.
FROM ${NODE_IMAGE} AS service
ARG VERSION=
ARG REVISION=
LABEL org.opencontainers.image.title="attention-service" \
      org.opencontainers.image.description="Attention weights, context vectors and summary statistics over HTTP" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
WORKDIR /app
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8080 DATA_DIR=/data MODELS_DIR=/app/models
# A number, so that Kubernetes' runAsNonRoot can tell; it owns nothing but the data.
RUN mkdir /data && chown 10001:10001 /data
COPY --from=build /app/package.json /app/openapi.yaml /app/LICENSE ./
COPY --from=build /app/build ./build
COPY --from=build /app/src ./src
# The shipped model; mount a folder of your own over it, or set MODELS_DIR.
COPY --from=build /app/models ./models
USER 10001:10001
VOLUME /data
EXPOSE 8080
# Node answers SIGTERM itself, as PID 1 too.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/ready`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# The flags of `npm start`: buffers in flight do not make V8 collect garbage every few megabytes.
CMD ["node", "--external-memory-accounted-in-global-limit", "--initial-heap-size=128", "src/main.ts"]

FROM service AS gpu
# What NVIDIA's container runtime looks for; CUDA 12.5 libraries run on drivers from 525 on. Kernels that the driver
# compiles for a newer card are kept beside the data.
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility CUDA_CACHE_PATH=/data/cuda-cache
LABEL com.nvidia.volumes.needed="nvidia_driver" com.nvidia.cuda.version="12.5"
COPY --from=modules /app/node_modules ./node_modules
COPY --from=tensorflow /app/node_modules/@tensorflow/tfjs-node-gpu/deps ./node_modules/@tensorflow/tfjs-node-gpu/deps
COPY --from=tensorflow /app/node_modules/@tensorflow/tfjs-node-gpu/lib ./node_modules/@tensorflow/tfjs-node-gpu/lib

FROM service AS cpu
COPY --from=modules-cpu /app/node_modules ./node_modules
