/** What charts are made of: text that stays text, and areas in proportion. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { html, jsonForScript } from "../../host/report/html.ts";
import { treemap } from "../../host/report/treemap.ts";

describe("markup", () => {
  test("values are escaped, in text and in attributes; markup and lists of it are not, and undefined is nothing", () => {
    const name = `<b title="a'b">&</b>`;
    const item = html`<li title="${name}">${name}</li>`;
    assert.equal(
      html`<ul>${[item, undefined, html`<li>${2}</li>`]}</ul>`.markup,
      '<ul><li title="&lt;b title=&quot;a&#39;b&quot;&gt;&amp;&lt;/b&gt;">&lt;b title=&quot;a&#39;b&quot;&gt;&amp;&lt;/b&gt;</li><li>2</li></ul>',
    );
  });

  test("control characters, which no HTML has, are shown as such", () => {
    assert.equal(html`${"a\u0000b\u001b[31m\nc"}`.markup, "a\uFFFDb\uFFFD[31m\nc");
  });

  test("JSON in a script is the same value and never ends the script", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string(), (value, text) => {
        const both = { value, text: `${text}</script><!--` };
        const script = jsonForScript(both);
        assert.ok(!script.includes("<"));
        assert.deepEqual(JSON.parse(script), JSON.parse(JSON.stringify(both)));
      }),
    );
  });
});

describe("a treemap", () => {
  const weights = fc.array(fc.integer({ min: 0, max: 100_000 }), { maxLength: 40 });

  test("gives every item its share of the frame, inside of it, and no two the same place", () => {
    fc.assert(
      fc.property(weights, (list) => {
        const areas = treemap(list, (weight) => weight, 2, 1);
        const total = list.reduce((sum, weight) => sum + weight, 0);
        assert.equal(areas.length, list.filter((weight) => weight > 0).length);
        for (const { item, x, y, width, height } of areas) {
          assert.ok(Math.abs(width * height - item / total) < 1e-9);
          assert.ok(x > -1e-9 && y > -1e-9 && x + width < 1 + 1e-9 && y + height < 1 + 1e-9);
        }
        for (const [i, a] of areas.entries())
          for (const b of areas.slice(i + 1)) {
            const across = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
            const down = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
            assert.ok(across < 1e-9 || down < 1e-9);
          }
      }),
    );
  });

  test("is nearly square where it can be", () => {
    const areas = treemap([1, 1, 1, 1], (weight) => weight, 1, 1);
    assert.deepEqual(
      areas.map(({ width, height }) => [width, height]),
      Array.from({ length: 4 }, () => [0.5, 0.5]),
    );
  });
});
