; SPDX-License-Identifier: Apache-2.0
; Reads a store as Jepsen's tools do, with Clojure's own EDN reader, and holds it to what those rely
; on. usage: read_history.clj STORE [valid|invalid]; status 1 if something does not hold.
(require '[clojure.edn :as edn]
         '[clojure.java.io :as io]
         '[geode.jepsen.graph-check :as graph-check]
         '[rules :refer [must]])

(def store (first *command-line-args*))
(def history
  (with-open [file (io/reader (io/file store "history.edn"))]
    (mapv edn/read-string (line-seq file))))
(def results (edn/read-string (slurp (io/file store "results.edn"))))

(rules/must-be-jepsens history)

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
