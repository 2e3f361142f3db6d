print("inkstone-quantize")
