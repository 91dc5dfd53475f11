; SPDX-License-Identifier: Apache-2.0
; What Jepsen's tools rely on in a history, whoever wrote it.
(ns rules)

(defn must [condition & words]
  (when-not condition
    (apply println "history.edn:" words)
    (System/exit 1)))

(defn must-be-jepsens [history]
  (must (seq history) "is empty")
  (must (= (range (count history)) (map :index history)) ":index is not dense")
  (must (apply <= (map :time history)) ":time goes back")
  (must (every? #{:invoke :ok :fail :info} (map :type history)) "another :type")
  (must (every? #(and (contains? % :f) (contains? % :value)) history) ":f or :value is missing")
  (must (every? #(or (nat-int? %) (= :nemesis %)) (map :process history)) "another :process")
  (must (every? #(= :info (:type %)) (filter #(= :nemesis (:process %)) history))
        "the nemesis does more than :info")

  (let [running (reduce (fn [running {:keys [process type f value]}]
                          (cond
                            (= :nemesis process) running
                            (= :invoke type)
                            (do (must (not (running process)) "process" process "is busy or retired")
                                (assoc running process [f value]))
                            :else
                            (let [[invoked asked] (running process)]
                              (must (= f invoked) "process" process "completes another :f")
                              (must (or (= :ok type) (= value asked)) "a :value changed")
                              ; After :info a process never comes back.
                              (if (= :info type)
                                (assoc running process [:retired])
                                (dissoc running process)))))
                        {} history)]
    (must (every? #(= [:retired] %) (vals running)) "operations without an end")))
