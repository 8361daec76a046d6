/*
 * The rules that Odoo 19 applies to its own scripts (its test_lint module), and the
 * globals of our pages. It imports nothing: ESLint lives in a folder of its own.
 */
const names = (text, value = "readonly") =>
    Object.fromEntries(text.trim().split(/\s+/).map((name) => [name, value]));

const browserGlobals = names(`
    AbortController AbortSignal alert AnalyserNode Audio AudioBuffer AudioContext
    AudioWorkletNode AudioWorkletProcessor atob Blob BroadcastChannel btoa
    cancelAnimationFrame clearInterval clearTimeout clients confirm console crypto
    currentTime customElements CustomEvent DataTransfer document DOMException
    DOMParser Element Event EventSource EventTarget fetch File FileReader FormData
    getComputedStyle globalThis Headers history HTMLElement HTMLInputElement
    IntersectionObserver KeyboardEvent localStorage location MediaDeviceInfo
    MediaRecorder MediaStream MediaStreamAudioDestinationNode MessageChannel
    MouseEvent MutationObserver navigator Node Notification OfflineAudioContext
    performance PointerEvent process Promise queueMicrotask registerProcessor
    Request requestAnimationFrame ResizeObserver Response RTCDTMFSender
    RTCIceCandidate RTCPeerConnection RTCRtpSender RTCSessionDescription sampleRate
    screen sessionStorage setInterval setTimeout SharedWorker SpeechSynthesisUtterance
    structuredClone TextDecoder TextEncoder Uint8Array URL URLSearchParams WebSocket
    window Worker XMLHttpRequest
`);

const odooGlobals = names("odoo luxon Chart DOMPurify");

export default [
    {
        files: ["**/*.js", "**/*.mjs"],
        ignores: ["**/static/lib/**"],
        languageOptions: {
            ecmaVersion: 2022,
            sourceType: "module",
            globals: { ...browserGlobals, ...odooGlobals },
        },
        rules: {
            "no-undef": "error",
            "no-restricted-globals": ["error", "event", "self"],
            "no-const-assign": "error",
            "no-debugger": "error",
            "no-dupe-args": "error",
            "no-dupe-class-members": "error",
            "no-dupe-else-if": "error",
            "no-dupe-keys": "error",
            "no-duplicate-imports": "error",
            "no-unsafe-negation": "error",
            "no-unused-vars": ["error", { args: "none", caughtErrors: "all" }],
            "prefer-const": "error",
            "valid-typeof": "error",
            eqeqeq: ["error", "always", { null: "ignore" }],
            "no-restricted-syntax": [
                "error",
                "PrivateIdentifier",
                {
                    selector:
                        "ClassDeclaration[superClass.name='Component']:not(:has(ClassBody.body > PropertyDefinition[key.name='props'][static='true']))",
                    message: "Component should declare static props",
                },
                {
                    selector:
                        "ClassDeclaration[superClass.name='Component']:not(:has(ClassBody.body > PropertyDefinition[key.name='template'][static='true']))",
                    message: "Component should declare static template",
                },
                {
                    selector:
                        "CallExpression[callee.name='_t'] > :first-child[value=/(.*%s){2,}/]",
                    message: "Usage of _t function with multiple unnamed placeholders",
                },
                {
                    selector:
                        "CallExpression[callee.object.name='notificationService'][callee.property.name='add'] > Literal:first-child",
                    message:
                        "String passed to 'notificationService.add()' should be translated.",
                },
            ],
        },
    },
];
