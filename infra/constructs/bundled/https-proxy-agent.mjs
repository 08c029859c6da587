// Taken in place of the package by the bundler: a dynamic import of CommonJS loses its names when parts are split.
export { HttpsProxyAgent } from '../../../node_modules/https-proxy-agent/dist/index.js';
