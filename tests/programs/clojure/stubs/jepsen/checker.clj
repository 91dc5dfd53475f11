; SPDX-License-Identifier: Apache-2.0
; Stands in for Jepsen's namespace where only Clojure is there: names and arities, no behaviour.
(ns jepsen.checker)
(defprotocol Checker (check [checker test history opts]))
(defn compose [checkers] checkers)
(defn linearizable [opts] opts)
(defn perf ([] {}) ([opts] opts))
(defn stats [] :stats)
(defn unhandled-exceptions [] :unhandled-exceptions)
