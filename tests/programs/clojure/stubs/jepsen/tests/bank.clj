; SPDX-License-Identifier: Apache-2.0
; Stands in for Jepsen's namespace where only Clojure is there: names and arities, no behaviour.
(ns jepsen.tests.bank
  (:refer-clojure :exclude [test]))
(defn test
  ([] (test {}))
  ([opts] {:max-transfer 5, :total-amount 100, :accounts (vec (range 8)), :checker opts,
           :generator []}))
