import { WhatsappCallButton } from "@whatsapp_calling/record/call_button";

import { _t } from "@web/core/l10n/translation";
import { patch } from "@web/core/utils/patch";
import { PhoneField, formPhoneField, phoneField } from "@web/views/fields/phone/phone_field";

patch(PhoneField, {
    components: { ...PhoneField.components, WhatsappCallButton },
    defaultProps: { ...PhoneField.defaultProps, whatsappCall: true },
    props: { ...PhoneField.props, whatsappCall: { type: Boolean, optional: true } },
});

const patchDescription = () => ({
    extractProps({ options }) {
        const props = super.extractProps(...arguments);
        props.whatsappCall = options.whatsapp_call;
        return props;
    },
    get supportedOptions() {
        return [
            ...super.supportedOptions,
            {
                label: _t("Call on WhatsApp"),
                name: "whatsapp_call",
                type: "boolean",
                default: true,
            },
        ];
    },
});

patch(phoneField, patchDescription());
patch(formPhoneField, patchDescription());
