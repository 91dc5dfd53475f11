; SPDX-License-Identifier: Apache-2.0
; Reads a store as Jepsen's tools do, with Clojure's own EDN reader, and holds it to what those rely
; on. usage: read_history.clj STORE [valid|invalid]; status 1 if something does not hold.
(require '[clojure.edn :as edn]
         '[clojure.java.io :as io]
         '[geode.jepsen.graph-check :as graph-check])

(def store (first *command-line-args*))
(def history
  (with-open [file (io/reader (io/file store "history.edn"))]
    (mapv edn/read-string (line-seq file))))
(def results (edn/read-string (slurp (io/file store "results.edn"))))

(defn must [condition & words]
  (when-not condition
    (apply println "history.edn:" words)
    (System/exit 1)))

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
  (must (every? #(= [:retired] %) (vals running)) "operations without an end"))

(case (:workload results)
  "register" (doseq [{:keys [process type f value]} history :when (integer? process)]
               (must (and (vector? value) (= 2 (count value)) (integer? (first value)))
                     "a register's value is not [key value]" value)
               (must (or (not= f :cas) (= 2 (count (second value)))) "a cas is not [old new]"))
  "graph" (let [checked (graph-check/check history)]
            (must (= (:valid? checked) (:valid? results)) "Clojure's verdict is" checked)
            (println "graph:" (:elements checked) "elements, judged" (:valid? checked))))

(must (contains? #{true false :unknown} (:valid? results)) "results.edn does not say :valid?")
(println (count history) "events," (count (filter #(= :invoke (:type %)) history)) "operations")
