; SPDX-License-Identifier: Apache-2.0
; Reads what geode-sim convert wrote, one map per line or one vector, with Clojure's own EDN reader.
; usage: read_converted.clj FILE...; status 1 if something does not hold.
(require '[clojure.edn :as edn]
         '[clojure.java.io :as io]
         '[rules])

(doseq [name *command-line-args*]
  (let [forms   (with-open [file (java.io.PushbackReader. (io/reader name))]
                  (vec (take-while some? (repeatedly #(edn/read {:eof nil} file)))))
        history (if (vector? (first forms)) (first forms) forms)]
    (rules/must-be-jepsens history)
    ; In the manner of jepsen.checker/set, jepsen.tests.bank and Elle.
    (doseq [{:keys [type f value]} history :when (= :ok type)]
      (case f
        :txn  (doseq [[f _ seen] value :when (= :r f)]
                (rules/must (or (nil? seen) (number? seen) (vector? seen)) "a read saw" seen))
        :read (rules/must (or (map? value) (coll? value) (number? value) (nil? value))
                          "a read saw" value)
        nil))
    (println name (count history) "events read")))
