import { describe, expect, test } from "@odoo/hoot";

import {
    countryOf,
    isInternational,
    looksLikePhone,
    normalizePhone,
} from "@whatsapp_calling/core/phone_number";

describe.current.tags("headless");

test("numbers as people write and paste them become + and digits", () => {
    for (const text of [
        "+43 660 1112201",
        "0043 (660) 111-22-01",
        "tel:+43.660/1112201",
        "\u202a+43\u00a0660\u00a01112201\u202c",
    ]) {
        expect(normalizePhone(text)).toBe("+436601112201");
        expect(isInternational(text)).toBe(true);
    }
});

test("a national number is no international one", () => {
    expect(isInternational("0660 1112201")).toBe(false);
    expect(looksLikePhone("0660 1112201")).toBe(true);
    expect(countryOf("0660 1112201")).toBe(undefined);
});

test("letters are a name", () => {
    expect(looksLikePhone("Eva")).toBe(false);
    expect(looksLikePhone("ليلى")).toBe(false);
});

test("the country is known from the first digits", () => {
    expect(countryOf("+436")?.code).toBe("AT");
    expect(countryOf("+3516")?.code).toBe("PT");
    expect(countryOf("+2010")?.code).toBe("EG");
    expect(countryOf("+4")).toBe(undefined);
});
