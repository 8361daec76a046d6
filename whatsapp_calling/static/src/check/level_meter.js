import { MicrophoneError, closeMicrophone, openMicrophone } from "@whatsapp_calling/core/microphone";
import { microphoneRemedy } from "@whatsapp_calling/softphone/microphone_dialog";

import { monitorAudio } from "@mail/utils/common/media_monitoring";

import { Component, onMounted, onWillUnmount, onWillUpdateProps, useState } from "@odoo/owl";

/** For tests. */
export const monitor = { start: monitorAudio };

/** Of 0 to 1, as Odoo measures voices: someone speaks. */
const SPEAKS = 0.05;

/** How loud the microphone is, while it is shown. */
export class LevelMeter extends Component {
    static props = {
        constraints: Object,
        /** called once somebody was heard */
        onHeard: Function,
    };
    static template = "whatsapp_calling.LevelMeter";

    setup() {
        super.setup();
        this.state = useState({ level: 0, problem: "" });
        onMounted(() => this.start());
        onWillUpdateProps(({ constraints }) => {
            if (constraints.deviceId !== this.props.constraints.deviceId) {
                this.stop();
                this.start(constraints);
            }
        });
        onWillUnmount(() => this.stop());
    }

    async start(constraints = this.props.constraints) {
        const run = (this.run = {});
        this.state.problem = "";
        let stream;
        try {
            stream = await openMicrophone(constraints);
        } catch (error) {
            this.state.problem = error instanceof MicrophoneError ? error.problem : "blocked";
            return;
        }
        if (run !== this.run) {
            return closeMicrophone(stream);
        }
        this.stream = stream;
        this.softphoneMayNameDevices();
        const disconnect = await monitor.start(stream.getAudioTracks()[0], {
            onTic: (level) => this.onLevel(level),
            processInterval: 100,
        });
        if (run !== this.run) {
            return disconnect();
        }
        this.disconnect = disconnect;
    }

    /** Once the microphone was allowed, browsers tell what the devices are called. */
    softphoneMayNameDevices() {
        this.env.services["whatsapp_calling.softphone"].devices.refresh();
    }

    onLevel(level) {
        this.state.level = Math.min(1, level);
        if (level > SPEAKS) {
            this.props.onHeard();
        }
    }

    stop() {
        this.run = undefined;
        this.disconnect?.();
        this.disconnect = undefined;
        closeMicrophone(this.stream);
        this.stream = undefined;
    }

    get percent() {
        return Math.round(this.state.level * 100);
    }

    get remedy() {
        return microphoneRemedy(this.state.problem);
    }
}
