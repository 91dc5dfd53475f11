; SPDX-License-Identifier: Apache-2.0
(ns geode.jepsen.bank
  "Transfers between accounts and reads of all balances; Jepsen's checker says whether the total
  stays.

  The property `balance` of the vertices 0, 1, ...; an account that is absent holds ten, so nothing
  is set up. Transfers and reads are transactions of `geode-jepsen client`."
  (:require [geode.jepsen.db :as gdb]
            [geode.jepsen.lines :as lines]
            [jepsen.client :as client]
            [jepsen.generator :as gen]
            [jepsen.tests.bank :as bank]))

(def account-count 8)
(def first-balance 10)

(defrecord BankClient [lines]
  client/Client
  (open! [this test _node]
    (assoc this :lines (lines/open (:geode-jepsen test) (map gdb/endpoint (:nodes test)))))
  (setup! [_ _test])
  (invoke! [_ _test op]
    (let [{:keys [from to amount]} (:value op)]
      (case (:f op)
        :read     (let [[_ seen :as answer] (lines/request! lines :balances account-count)]
                    ; A read that failed has no effect, whatever became of it.
                    (lines/complete op (if (= :unknown (first answer)) [:fail seen] answer)
                                    seen :aborted))
        :transfer (lines/complete op (lines/request! lines :transfer from to amount)
                                  (:value op) :aborted))))
  (teardown! [_ _test])
  (close! [_ _test] (lines/close! lines)))

(defn workload [_opts]
  (assoc (bank/test)
         :accounts        (vec (range account-count))
         :total-amount    (* account-count first-balance)
         :client          (BankClient. nil)
         :final-generator (gen/once {:f :read})))
