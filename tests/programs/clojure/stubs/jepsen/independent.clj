; SPDX-License-Identifier: Apache-2.0
; Stands in for Jepsen's namespace where only Clojure is there: names and arities, no behaviour.
(ns jepsen.independent)
(defn tuple [k v] [k v])
(defn checker [checker] checker)
(defn concurrent-generator [n keys fgen] [n keys (fgen 1)])
