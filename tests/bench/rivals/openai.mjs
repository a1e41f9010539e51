// Every stored completion, a line each, to stdout: openai.mjs BASE-URL [gzip]
// The official package's pager. Lines are gathered to 64 KiB: one at a time would cost gzip more.
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import OpenAI from "openai";

const [base, packer] = process.argv.slice(2);
const client = new OpenAI({ baseURL: base, apiKey: process.env.OPENAI_API_KEY });

async function* lines() {
  let text = "";
  for await (const completion of client.chat.completions.list({ limit: 100 })) {
    text += JSON.stringify(completion) + "\n";
    if (text.length >= 65536) {
      yield text;
      text = "";
    }
  }
  yield text;
}

const packers = packer === "gzip" ? [createGzip({ level: 6 })] : [];
await pipeline(lines, ...packers, process.stdout);
