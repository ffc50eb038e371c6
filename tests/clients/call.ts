// Calls a service, whose address is the argument, with types made from its /openapi.json.
import { readFile } from "node:fs/promises";
import createClient from "openapi-fetch";
import type { paths } from "./wardrobe.js";

const [, , baseUrl, picture] = process.argv;
const client = createClient<paths>({ baseUrl });

const image = (await readFile(picture!)).toString("base64");
const good = await client.POST("/predict", { params: { query: { top: 2 } }, body: { image } });
if (!good.data) throw new Error(good.error?.detail);
const { label, decision, enlarged = false } = good.data;
const sure: boolean = decision === "accept" && !enlarged;

const bad = await client.POST("/predict", { body: { image: "https://shop.example/shoe.png" } });
if (!bad.error) throw new Error("a URL was answered");
const status: number = bad.error.status;
const words: string = bad.error.detail;

const model = await client.GET("/model");
console.log(JSON.stringify({ label, sure, status, words, version: model.data?.version }));
