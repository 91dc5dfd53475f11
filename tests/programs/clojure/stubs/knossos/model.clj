; SPDX-License-Identifier: Apache-2.0
; Stands in for Jepsen's namespace where only Clojure is there: names and arities, no behaviour.
(ns knossos.model)
(defn cas-register ([] nil) ([value] value))
