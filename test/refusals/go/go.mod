module sallyport.test/refusals

go 1.21
