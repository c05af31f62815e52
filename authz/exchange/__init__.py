"""One HTTP request and its response, without any I/O.

The nouns of this package:

- an *event* is what Envoy told us (`RequestHead`, `Chunk`, `ResponseHead`, `Quiet`);
- an *action* is what the exchange wants done (`Decide`, `AwaitVerdict`, `Record`, `ReleaseRequest`, …). An action may
  take its time: a hold is an action that takes minutes;
- an *exchange* is a generator that yields actions and is resumed with their outcome, or with the error that stopped
  them. It never waits, reads a clock or knows gRPC, so a whole life is tested as a transcript;
- the *pump* (`authz.ext_proc`) carries events in and actions out.

The order inside an exchange is the promise: parse, find, decide, hold, mask, record, and only then release.
"""
