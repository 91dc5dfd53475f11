; SPDX-License-Identifier: Apache-2.0
; Stands in for Jepsen's namespace where only Clojure is there: names and arities, no behaviour.
(ns jepsen.client)
(defprotocol Client
  (open! [client test node])
  (setup! [client test])
  (invoke! [client test op])
  (teardown! [client test])
  (close! [client test]))
