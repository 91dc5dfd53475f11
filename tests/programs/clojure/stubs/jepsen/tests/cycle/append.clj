; SPDX-License-Identifier: Apache-2.0
; Stands in for Jepsen's namespace where only Clojure is there: names and arities, no behaviour.
(ns jepsen.tests.cycle.append
  (:refer-clojure :exclude [test]))
(defn test [opts] {:generator [opts], :checker opts})
