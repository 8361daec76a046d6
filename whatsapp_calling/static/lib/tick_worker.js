/* eslint-env worker */
/*
 * A clock in a worker: timers of a hidden page are slowed down to one a minute, those of a worker
 * are not. Kept outside of src/, because it must not be part of the page's own bundle.
 */
self.onmessage = ({ data }) => setInterval(() => self.postMessage("tick"), data.interval);
