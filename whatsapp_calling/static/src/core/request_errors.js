import {
    ConnectionAbortedError,
    ConnectionLostError,
    RPCError,
} from "@web/core/network/rpc";
import { FetchRecordError } from "@web/model/relational_model/errors";

const EXPECTED = [ConnectionAbortedError, ConnectionLostError, FetchRecordError, RPCError];

/** For requests whose failure is shown where their answer would be: a mistake of ours is none. */
export function rethrowUnexpected(error) {
    if (!EXPECTED.some((kind) => error instanceof kind)) {
        throw error;
    }
}
