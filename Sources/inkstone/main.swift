print("inkstone")
